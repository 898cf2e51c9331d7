-- The users of a production database. An administrator runs this once, with passwords of his own:
--   psql -v ON_ERROR_STOP=1 -f deploy/users.sql postgres://administrator@server/postgres
--
-- doorstep_owner owns the tables:   DATABASE_URL=postgres://doorstep_owner:…@server/doorstep doorstep migrate
-- doorstep_serve cannot rewrite     DATABASE_URL=postgres://doorstep_serve:…@server/doorstep doorstep serve
-- history, whatever SQL it sends:   DATABASE_URL=postgres://doorstep_serve:…@server/doorstep doorstep work
--
-- doorstep_app holds the rights of serve and work; each doorstep migrate gives it those on new tables. It is made here
-- so that the owner needs no right to create roles.
CREATE ROLE doorstep_app NOLOGIN;
CREATE ROLE doorstep_owner LOGIN PASSWORD 'change-me';
CREATE ROLE doorstep_serve LOGIN PASSWORD 'change-me' IN ROLE doorstep_app;
CREATE DATABASE doorstep OWNER doorstep_owner;
