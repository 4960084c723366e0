"""A stand-in for Twilio: it accepts texts, shows them on a page and sends customers' replies.

`texts_api` has Twilio's endpoint and the API for tests, and signs the calls of our webhook.
`page` shows customers' phones, with a field for a reply. `account` has the credentials.

======================================================  ===========================================
`POST /2010-04-01/Accounts/<account>/Messages.json`     Twilio's: send a text
`GET /`                                                 a page of customers' phones
`POST /answer`                                          the form on that page
`GET /messages`                                         all texts, and how many were requested
`POST /remember`                                        texts from before this process started
`POST /faults`                                          see `texts_api.TextFault`
`POST /reset`                                           forget everything
======================================================  ===========================================
"""
