"""A stand-in for Segment's HTTP Tracking API, which also shows what Segment drops without an error.

The rules come from the contract (section 4) and from Segment's documentation of its HTTP API
source. Two rules need a source of their own:

- More than 512,000 bytes in one request, or more than 32,768 bytes on an endpoint for a single
  message, is answered **400**. The documentation says "400 Bad Request if these limits are
  exceeded", and clients report 400 for a batch of 535,982 bytes (segmentio/analytics-node,
  thread 313). A proxy on the way may answer 413; a `status` fault simulates that.
- A write key of six characters ("abc123") is answered 400 with "An invalid write key was
  provided" (segmentio/analytics-go, thread 205). One of seven characters ("bad_key") is answered
  200 in the tests of Segment's own Python SDK.

`POST /v1/batch`, `/v1/import`, `/v1/track`, `/v1/identify` and the other four methods are
Segment's. The rest is for developers and tests:

===============================  =================================================================
`GET /`                          a live page of the messages
`GET /messages`                  JSON lines; filters `write_key`, `user_id`, `verdict`, `after`
                                 (a number) and `newest` (how many)
`DELETE /messages`               forget messages, requests, counts and remembered `messageId`s
`GET /requests`                  JSON lines, one for each request to Segment's endpoints; filters
                                 `write_key` and `after`
`GET /businesses`                counts of accepted and dropped messages for each write key
`PUT /businesses/<write_key>`    `{"name": ...}`, the name that the page shows
`GET`, `POST`, `DELETE /faults`  see `faults.parse_fault`; `DELETE` takes `?write_key=`
`POST /reset`                    cut the requests that a fault holds, and forget everything
===============================  =================================================================

The modules, in the order of a request: `server` listens, `tracking` has Segment's endpoints,
`envelope` parses a request, `faults` finds the fault to simulate, `fault_responses` simulates it
(with `held_requests`), `verdicts` decides about each message, and `message_store` keeps the
`records`. `control` is the API for developers and tests, and `live_page` serves the page.
"""
