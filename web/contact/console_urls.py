"""Requests in the console, under /console/requests/."""

from __future__ import annotations

from django.urls import path

from web.contact import console

app_name = "requests"
urlpatterns = [
    path("", console.requests, name="list"),
    path("<int:pk>", console.request_page, name="request"),
    path("<int:pk>/take", console.take_it, name="take"),
    path("<int:pk>/step", console.step, name="step"),
]
