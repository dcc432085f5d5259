from django.apps import AppConfig


class EntrypointsConfig(AppConfig):
    """Owns no tables; it is an app so that its templates, static files and translations are found."""

    name = "rongxin.entrypoints"
    label = "entrypoints"
