"""How what goes in place of something else is read: part of every view of a delivery, whose row is called d."""

SUBSTITUTIONS = """
(SELECT coalesce(json_agg(json_build_object('sku', k.code, 'name', k.name, 'quantity', u.quantity, 'state', u.state,
    'substitute', b.name, 'answer_due_at', u.answer_due_at) ORDER BY k.code), '[]')
 FROM substitution u JOIN sku k ON k.id = u.sku_id JOIN sku b ON b.id = u.by_sku_id WHERE u.delivery_id = d.id)
"""
