"""The console's own addresses, under /console/."""

from __future__ import annotations

from django.urls import path

from web.console import (
    acting,
    conversation,
    conversations,
    exporting,
    login,
    messages,
    operations,
    people,
    second_factor,
    views,
)

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("login", login.login, name="login"),
    path("logout", login.logout, name="logout"),
    path("account", views.account, name="account"),
    path("login/code", second_factor.verify, name="verify"),
    path("account/second-factor", second_factor.set_up, name="second_factor"),
    path("account/backup-codes", second_factor.new_codes, name="new_codes"),
    path("deliveries", operations.operations, name="operations"),
    path("deliveries/again", operations.send_again, name="send_again"),
    path("people", people.people, name="people"),
    path("people/<int:pk>", people.person, name="person"),
    path("people/<int:pk>/change", people.change, name="change_person"),
    path("welcome/<str:name>/<str:token>", people.welcome, name="welcome"),
    path("queue", conversations.queue, name="queue"),
    path("conversations", conversations.conversations, name="conversations"),
    path("conversations/<uuid:pk>", conversation.conversation, name="conversation"),
    path("conversations/<uuid:pk>/take-over", conversation.take_over, name="take_over"),
    path("conversations/<uuid:pk>/export", exporting.one, name="export_one"),
    path("export/<str:form>", exporting.many, name="export"),
    path("changes", conversations.changes, name="changes"),
    path("messages", messages.messages, name="messages"),
    path("messages/<int:pk>", messages.message, name="message"),
    path("act", acting.act, name="act"),
    path("mark", acting.mark, name="mark"),
    path("undo", acting.undo, name="undo"),
    path("views/save", acting.save_view, name="save_view"),
    path("views/<int:pk>/delete", acting.delete_view, name="delete_view"),
]
