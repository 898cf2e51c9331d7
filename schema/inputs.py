"""Reading inputs: an input type becomes a list of its fields once, instead of anew for each row of each batch.

The GraphQL engine has checked and coerced every value by then; what is left is to give fields their Python names and
rows their classes. The library resolves each type and spells each name again for every value, which took more than
half of the CPU of posting a batch.
"""



