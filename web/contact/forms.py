"""The contact form's fields and what is wrong with them, in words."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core import signing

from shared.clinic import clinic
from shared.contact_details import NotAPhoneNumber, read_phone
from web.contact.models import REASONS, ContactRequest

#: People need longer than this to fill in the form; even a browser that does it for them is slower.
LEAST_SECONDS = 2
_MOST_SECONDS = 24 * 3600
_SALT = "contact.form"


def new_sending_id() -> str:
    """A signed id for a form that is shown: when it was, and so that it is stored once, however often it is sent."""
    return signing.TimestampSigner(salt=_SALT).sign(uuid.uuid4().hex)


class ContactForm(forms.ModelForm):
    """Name and phone or e-mail; the rest is optional. `website` is a trap that people don't see."""

    reason = forms.ChoiceField(choices=list(REASONS.items()), required=False, label="What is it about?")
    website = forms.CharField(required=False, label="Leave this empty")
    sending = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = ContactRequest
        fields = ("name", "phone", "email", "best_time", "reason", "message")
        labels = {
            "name": "Your name",
            "phone": "Phone",
            "email": "E-mail",
            "best_time": "When can we reach you?",
            "message": "Message",
        }
        help_texts = {"phone": "A phone number or an e-mail address is enough."}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "message": forms.Textarea(attrs={"rows": 4}),
        }

    @property
    def is_trapped(self) -> bool:
        """Whether something filled in what people don't see. Some browsers do, so the entry is kept and marked."""
        return bool(self.data.get("website"))

    @property
    def sending_id(self) -> uuid.UUID | None:
        """The id of the form that was sent; None when it is no id of ours."""
        try:
            return uuid.UUID(hex=self._signed_id())
        except (signing.BadSignature, ValueError):
            return None

    def _signed_id(self, **limits: int) -> str:
        return signing.TimestampSigner(salt=_SALT).unsign(str(self.data.get("sending") or ""), **limits)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        if not phone:
            return ""
        try:
            found = read_phone(phone, clinic().country)
        except NotAPhoneNumber as error:
            raise forms.ValidationError(_PHONE_FAULTS[error.fault]) from error
        self.instance.phone_is_local = found.is_local
        return phone

    def clean_sending(self) -> str:
        """A form sent in no time was sent by a robot, or by a browser that is too eager: once more, please."""
        try:
            self._signed_id(max_age=_MOST_SECONDS)
        except signing.SignatureExpired as error:
            raise forms.ValidationError("This form was open for very long. Please send it once more.") from error
        except signing.BadSignature as error:
            raise forms.ValidationError("This form could not be checked. Please send it once more.") from error
        if self._is_hasty():
            raise forms.ValidationError("That was very fast. Please check what you wrote, and send it once more.")
        return ""

    def _is_hasty(self) -> bool:
        try:
            self._signed_id(max_age=LEAST_SECONDS)
        except signing.SignatureExpired:
            return False
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        left_any = cleaned.get("phone") or cleaned.get("email")
        if not left_any and not {"phone", "email"} & set(self.errors):
            raise forms.ValidationError("Please leave a phone number or an e-mail address, so that we can reach you.")
        return cleaned


_PHONE_FAULTS = {
    "no number": "This does not look like a phone number.",
    "no country": "Please start with + and the country code.",
    "wrong length": "This phone number has too few or too many digits.",
}
