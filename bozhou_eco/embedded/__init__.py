"""Stores and processes on one machine without root and without Docker.

PostgreSQL, Valkey and an MQTT broker from pip packages (Mosquitto where it is installed),
on loopback or private sockets, for the demo, the suite and the benchmarks. Nothing here
knows Django, and nothing here touches a server that it did not start.
"""
