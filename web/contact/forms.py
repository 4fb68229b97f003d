"""The contact form's fields and what is wrong with them, in words."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import forms

from shared.clinic import clinic
from web.contact.models import ContactRequest

REASONS = {
    "": "A question",
    "booking": "An appointment",
    "prices": "Prices",
    "hours_location": "Opening hours or the way there",
    "personal_medical": "My health and this treatment",
    "complaint": "A complaint",
    "records_data": "My photos, forms or data",
    "human": "Speak with a person",
    "minor": "Someone under 18",
    "language": "Speak in another language",
    "unanswered": "A question the assistant could not answer",
    "not_understood": "A question the assistant did not understand",
}


class ContactForm(forms.ModelForm):
    """Name and phone or e-mail; the rest is optional. `website` is a trap that people don't see."""

    reason = forms.ChoiceField(choices=list(REASONS.items()), required=False, label="What is it about?")
    website = forms.CharField(required=False, label="Leave this empty")

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
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "message": forms.Textarea(attrs={"rows": 4}),
        }

    @property
    def is_trapped(self) -> bool:
        """Whether a robot filled in what people don't see."""
        return bool(self.data.get("website"))

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        if not phone:
            return ""
        try:
            number = phonenumbers.parse(phone, clinic().country)
        except phonenumbers.NumberParseException as error:
            if clinic().country is None and error.error_type == error.INVALID_COUNTRY_CODE:
                raise forms.ValidationError("Please start with + and the country code.") from error
            raise forms.ValidationError("This does not look like a phone number.") from error
        reason = phonenumbers.is_possible_number_with_reason(number)
        local = phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
        if reason not in (phonenumbers.ValidationResult.IS_POSSIBLE, local):
            raise forms.ValidationError("This phone number has too few or too many digits.")
        return phone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        left_any = cleaned.get("phone") or cleaned.get("email")
        if not left_any and not {"phone", "email"} & set(self.errors):
            raise forms.ValidationError("Please leave a phone number or an e-mail address, so that we can reach you.")
        return cleaned
