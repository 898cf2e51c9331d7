"""Doorstep's marketplace: everything that is true without GraphQL, a queue or a vendor.

The packages are the story in order: a shipper posts a *batch*, it is priced, bundled into *routes* by the *matching*,
sent to drivers as *offers*, driven, *tracked* and paid. A package imports only packages earlier in the story.
"""
