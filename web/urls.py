"""Every address of the public process."""

from __future__ import annotations

from django.urls import path

from web import health, pages, widget
from web.channels import webhooks
from web.console.access import console_path
from web.contact.views import contact_form, contact_thanks
from web.privacy import pages as privacy_pages
from web.privacy.meta import deletion
from web.website import views as website

urlpatterns = [
    path("", pages.home, name="home"),
    path("embed", pages.embed, name="embed"),
    path("widget/<str:name>", widget.widget_file, name="widget"),
    # A browser that remembers a failed load asks again here.
    path("widget/again/<int:attempt>/<str:name>", widget.widget_file),
    path("api/chat/sessions", website.sessions),
    path("api/chat/messages", website.messages),
    path("api/chat/feedback", website.feedback),
    path("api/chat/session", website.session),
    path("contact/", contact_form, name="contact"),
    path("contact/thanks", contact_thanks, name="contact_thanks"),
    path("contact/<str:signed>", contact_form, name="contact_handoff"),
    path("privacy", privacy_pages.privacy, name="privacy"),
    path("privacy/erasures/<uuid:pk>", privacy_pages.erasure, name="erasure"),
    path("webhooks/meta/deletion", deletion, name="meta_deletion"),
    path("webhooks/whatsapp", webhooks.whatsapp_door),
    path("webhooks/messenger", webhooks.messenger_door),
    path("health", health.ready),
    path("health/live", health.live),
    path("health/ready", health.ready),
    console_path("", "web.console.urls"),
    console_path("requests/", "web.contact.console_urls"),
    console_path("privacy/", "web.privacy.console_urls"),
    console_path("learning/", "web.learning.urls"),
    console_path("content/", "web.content.console_urls"),
    console_path("overview/", "web.overview.console_urls"),
]

handler400 = "web.pages.bad_request"
handler403 = "web.pages.forbidden"
handler404 = "web.pages.not_found"
handler500 = "web.pages.server_error"
