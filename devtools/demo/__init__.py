"""The demo of `make run`: three made-up businesses, and a simulation of the people there.

`seed` creates the businesses of `businesses` at the first start: their customers and orders
(`past_records`, with `people`, `places` and `line_items`), the messages that they sent
(`past_messages`), the texts of the last evening (`past_texts`), `logins` and `api_keys`.

`simulation` then runs one action after another. The actions are in `counter`, `drivers`, `website`,
`replies` and `owner`; `choices` picks the customer. An action uses the system from outside, through
`remote_business`: the REST API (`api_client`), the pages (`simple_browser`) and the Phones page,
over `http_client`. `stand_ins` gives the stand-ins the businesses' names and their earlier texts.
"""
