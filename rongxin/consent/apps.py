from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "rongxin.consent"
    label = "consent"
