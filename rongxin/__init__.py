"""融信 Rongxin: the credit-information sharing platform of 国办发〔2021〕52号."""

__version__ = "0.1.0"
