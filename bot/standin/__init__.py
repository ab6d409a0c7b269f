"""A local Hipchat: strict REST API v2, Connect handshake, webhooks, and a chat page, all in memory.

It imports nothing else of this project, so that a misreading of the protocol is not made twice.
"""
