"""The HJ 212 TCP gateway: many sockets in bounded memory, one MQTT connection.

``connection`` reads and judges one socket, ``server`` holds them all, ``bridge``
speaks MQTT, ``spool`` keeps what asked for no 9014 until it is committed.
"""
