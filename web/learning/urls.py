"""Learning in the console, under /console/learning/."""

from __future__ import annotations

from django.urls import path

from web.learning import console

app_name = "learning"
urlpatterns = [
    path("", console.lessons, name="lessons"),
    path("<int:pk>", console.lesson, name="lesson"),
]
