"""A stand-in for Segment's HTTP Tracking API: answers as Segment does, and tells what Segment would have dropped in silence.

Where the rules come from: the contract, section 4, and Segment's public documentation of its HTTP API source. Two places where the
documentation decided:

- More than 512,000 bytes in one request, and more than 32,768 bytes on an endpoint for a single message, is answered **400**. The
  documentation says "400 Bad Request if these limits are exceeded", and clients report 400 for a batch of 535,982 bytes
  (segmentio/analytics-node, thread 313). 413 is what a proxy on the way may answer; a `status` fault plays it.
- A write key of six characters ("abc123") is answered 400 with "An invalid write key was provided" (segmentio/analytics-go, thread 205),
  while one of seven ("bad_key") is answered 200 in the test suite of Segment's own Python SDK.

`POST /v1/batch`, `/v1/import`, `/v1/track`, `/v1/identify` (and the other four methods) are Segment's. The rest is for developers
and tests:

=========================================  ==================================================================================
`GET /`                                    a live page of what arrives
`GET /messages`                            JSON lines; filters `write_key`, `user_id`, `verdict`, `after` (number), `newest` (how many)
`DELETE /messages`                         forget the messages, the requests, the counts and the remembered `messageId`s
`GET /requests`                            JSON lines, one for each request to Segment's endpoints; filters `write_key`, `after`
`GET /businesses`                          accepted and dropped per write key
`PUT /businesses/<write_key>`              `{"name": ...}`, shown on the page
`GET`, `POST`, `DELETE /faults`            see `faults.parse_fault`; `DELETE` takes `?write_key=`
`POST /reset`                              as freshly started: cuts the requests that a fault held_requests, forgets everything
=========================================  ==================================================================================
"""
