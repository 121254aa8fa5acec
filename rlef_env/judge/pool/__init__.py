"""Pools judge many programs at once.

``base.py`` is the interface, ``conformance.py`` its tests. ``local.py``, ``ray/`` and ``cached.py`` are the pools. The
local pool's ``scheduler.py`` names the files of its parts; ``workers/`` has the processes and the messages.
"""
