#!/bin/sh
# Makes the users of deploy/users.sql when the database of compose.yaml is made, with the passwords of .env.
set -eu
sed -e "/doorstep_owner LOGIN/s/'change-me'/:'owner'/" -e "/doorstep_serve LOGIN/s/'change-me'/:'serve'/" /users.sql |
  psql -v ON_ERROR_STOP=1 -v owner="$OWNER_PASSWORD" -v serve="$SERVE_PASSWORD" --username=postgres --dbname=postgres
