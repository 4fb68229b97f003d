"""Content in the console, under /console/content/."""

from __future__ import annotations

from django.urls import path

from web.content import console

app_name = "content"
urlpatterns = [
    path("", console.content, name="content"),
    path("topics/<slug:topic>", console.topic_page, name="topic"),
    path("topics/<slug:topic>/sign", console.sign_topic, name="sign"),
    path("topics/<slug:topic>/withdraw", console.withdraw_signature, name="withdraw"),
    path("topics/<slug:topic>/propose", console.propose_for_topic, name="propose"),
    path("replies", console.replies, name="replies"),
    path("reply", console.propose_for_reply, name="reply"),
    path("proposals", console.proposals, name="proposals"),
    path("proposals/<int:pk>/close", console.close_proposal, name="close"),
    path("proposals.patch", console.patch_of_open, name="patch"),
]
