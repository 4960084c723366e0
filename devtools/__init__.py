"""Tools for development. They are not part of the product, which never imports them.

==================  ==========================================================================
`run`               `make run`: the whole system on this machine, under one supervisor
`services`          a private PostgreSQL and Redis for development and tests
`segment_stub`      a stand-in for Segment's tracking API, with a page that shows the messages
`twilio_stub`       a stand-in for Twilio, with a page that shows customers' phones
`demo`              three made-up businesses, and a simulation of the people there
`management`        the commands `seed_demo` and `simulate`, which call `demo`
`screenshots`       `make screenshots`: the pictures of docs/owners-admin.md
`chromium`          the browser that tests and screenshots use
==================  ==========================================================================

The settings add this package to INSTALLED_APPS only while DEBUG is on. The image for production
does not contain it. `services` and the stand-ins import no Django.
"""
