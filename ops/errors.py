"""What can go wrong on purpose: every error a person sees says what is so and what to do next."""

from __future__ import annotations


class OpsError(Exception):
    """Something a person should read: what is so, and what to do next."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class Refused(OpsError):
    """No step began; nothing was changed."""


class Failed(OpsError):
    """It began and missed its goal; production is as before."""


class Unchanged(Failed):
    """It was tried, and whoever was asked has said no: what the step would have changed is surely as it was before."""


class NotNow(Failed):
    """Whoever was asked gave no answer in time, or takes nothing for the moment: asking for more would help nobody."""


class UnknownBackup(Refused):
    """There is no backup with that id."""


class WrongSetting(OpsError):
    """A setting stops the start: which key, its value, what would be right."""
