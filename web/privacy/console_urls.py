"""Privacy in the console, under /console/privacy/."""

from __future__ import annotations

from django.urls import path

from web.privacy import console

app_name = "privacy"
urlpatterns = [
    path("record", console.record_page, name="record"),
    path("retention", console.retention_page, name="retention"),
    path("erasures", console.erasures, name="erasures"),
    path("erasures/<uuid:pk>", console.receipt, name="receipt"),
    path("erase/conversation/<uuid:pk>", console.erase_conversation, name="erase_conversation"),
    path("erase/request/<int:pk>", console.erase_request, name="erase_request"),
    path("reveal/<uuid:pk>", console.ask_reason, name="reveal"),
    path("reveal/<uuid:pk>/show", console.reveal, name="revealed"),
]
