from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "rongxin.governance"
    label = "governance"
