"""Messages and forms about single anomalies: their card, buttons, wording and forms, and the answers about them."""
