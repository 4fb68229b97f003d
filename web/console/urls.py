"""The console's own addresses, under /console/."""

from __future__ import annotations

from django.urls import path

from web.console import conversations, login, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("login", login.login, name="login"),
    path("logout", login.logout, name="logout"),
    path("account", views.account, name="account"),
    path("queue", conversations.queue, name="queue"),
    path("conversations", conversations.conversations, name="conversations"),
    path("conversations/<uuid:pk>", conversations.conversation, name="conversation"),
]
