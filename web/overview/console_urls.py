"""Figures in the console, under /console/overview/."""

from __future__ import annotations

from django.urls import path

from web.overview import views

app_name = "overview"
urlpatterns = [path("", views.overview, name="overview")]
