"""What a template lets its leases do beyond reading, what would outlive them, and what the admin lacks; each with the
SQL that mends it.

Every question is asked of the catalogs of one database, with the template and all that it is a member of as holders.
"""

from functools import partial
from typing import Any, Final, LiteralString

from psycopg import sql

from jumphost.credential.base import Finding
from jumphost.credential.postgres_admin import SET_OPTION, Admin, Connection

_HOLDERS: Final = """
WITH RECURSIVE holder AS (
  SELECT oid, rolname FROM pg_roles WHERE rolname = {template}
  UNION SELECT role.oid, role.rolname FROM pg_auth_members JOIN holder ON member = holder.oid
    JOIN pg_roles role ON role.oid = roleid
), grantee AS (SELECT oid, quote_ident(rolname) AS name FROM holder UNION ALL SELECT 0, 'PUBLIC')
"""
_OURS: Final = "nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'"

# Each: whether it is about writing, the code, and what asks for (what was found, the SQL that mends it).
_QUESTIONS: Final[tuple[tuple[bool, str, LiteralString], ...]] = (
    (
        False,
        "template.attributes",
        """
        SELECT format('role %I has %s', rolname, string_agg(has, ', ')),
          format('ALTER ROLE %I %s', rolname, string_agg('NO' || has, ' '))
        FROM holder JOIN pg_roles USING (oid, rolname), LATERAL (VALUES
          ('LOGIN', rolcanlogin), ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
          ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) is_so (has, so)
        WHERE so GROUP BY rolname
        """,
    ),
    (
        False,
        "template.settings",
        """
        SELECT format('settings of role %I hold for none of its leases, and SET undoes them: %s', rolname,
          array_to_string(rolconfig, ', ')), format('ALTER ROLE %I RESET ALL', rolname)
        FROM holder JOIN pg_roles USING (oid, rolname) WHERE rolconfig IS NOT NULL
        """,
    ),
    (
        False,
        "template.member",
        """
        SELECT format('role %I is a member of %I', below.rolname, above.rolname),
          format('REVOKE %I FROM %I', above.rolname, below.rolname)
        FROM pg_auth_members JOIN holder below ON member = below.oid JOIN pg_roles above ON roleid = above.oid
        WHERE above.rolname LIKE 'pg\\_%' AND above.rolname NOT IN ('pg_read_all_data', 'pg_database_owner')
        """,
    ),
    (
        False,
        "owns",
        """
        SELECT format('role %I owns %s objects, which its leases may drop', rolname, count(*)),
          format('REASSIGN OWNED BY %I TO %I', rolname,
            (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()))
        FROM holder JOIN pg_shdepend ON refobjid = holder.oid AND refclassid = 'pg_authid'::regclass
        WHERE deptype = 'o' AND classid <> 'pg_auth_members'::regclass
          AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        GROUP BY rolname
        """,
    ),
    (
        True,
        "write",
        """
        SELECT format('%s on %I.%I for %s', string_agg(DISTINCT privilege_type, ', '), nspname, relname, grantee.name),
          format('REVOKE %s ON %s%I.%I FROM %s', string_agg(DISTINCT privilege_type, ', '),
            CASE relkind WHEN 'S' THEN 'SEQUENCE ' END, nspname, relname, grantee.name)
        FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid,
          LATERAL aclexplode(relacl) JOIN grantee ON grantee = grantee.oid
        WHERE {ours} AND (privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER',
          'MAINTAIN') OR relkind = 'S' AND privilege_type = 'USAGE')
        GROUP BY nspname, relname, relkind, grantee.name
        """,
    ),
    (
        True,
        "write.column",
        """
        SELECT format('%s on %I.%I (%I) for %s', privilege_type, nspname, relname, attname, grantee.name),
          format('REVOKE %s (%I) ON %I.%I FROM %s', privilege_type, attname, nspname, relname, grantee.name)
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid JOIN pg_namespace ON relnamespace = pg_namespace.oid,
          LATERAL aclexplode(attacl) JOIN grantee ON grantee = grantee.oid
        WHERE {ours} AND privilege_type <> 'SELECT'
        """,
    ),
    (
        True,
        "write.later",
        """
        SELECT format('%s on tables that %I will make, for %s', string_agg(DISTINCT privilege_type, ', '),
            pg_get_userbyid(defaclrole), grantee.name),
          format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE %s ON TABLES FROM %s', pg_get_userbyid(defaclrole),
            ' IN SCHEMA ' || quote_ident(nspname), string_agg(DISTINCT privilege_type, ', '), grantee.name)
        FROM pg_default_acl LEFT JOIN pg_namespace ON defaclnamespace = pg_namespace.oid,
          LATERAL aclexplode(defaclacl) JOIN grantee ON grantee = grantee.oid
        WHERE defaclobjtype = 'r' AND privilege_type <> 'SELECT' GROUP BY defaclrole, nspname, grantee.name
        """,
    ),
    (
        False,
        "create",
        """
        SELECT format('CREATE on schema %I for %s', nspname, grantee.name),
          format('REVOKE CREATE ON SCHEMA %I FROM %s', nspname, grantee.name)
        FROM pg_namespace, LATERAL aclexplode(nspacl) JOIN grantee ON grantee = grantee.oid
        WHERE privilege_type = 'CREATE'
        UNION ALL
        SELECT format('CREATE on database %I for %s', datname, grantee.name),
          format('REVOKE CREATE ON DATABASE %I FROM %s', datname, grantee.name)
        FROM pg_database, LATERAL aclexplode(datacl) JOIN grantee ON grantee = grantee.oid
        WHERE privilege_type = 'CREATE'
        """,
    ),
    (
        False,
        "temporary",
        """
        SELECT format('temporary tables in database %I for %s', datname, grantee.name),
          format('REVOKE TEMPORARY ON DATABASE %I FROM %s', datname, grantee.name)
        FROM pg_database, LATERAL aclexplode(coalesce(datacl, acldefault('d', datdba)))
          JOIN grantee ON grantee = grantee.oid
        WHERE privilege_type = 'TEMPORARY' AND datallowconn
        """,
    ),
    (
        False,
        "database.other",
        """
        SELECT format('its leases may enter database %I too, by a grant to %s', datname, grantee.name),
          format('REVOKE CONNECT ON DATABASE %I FROM %s', datname, grantee.name)
        FROM pg_database, LATERAL aclexplode(coalesce(datacl, acldefault('d', datdba)))
          JOIN grantee ON grantee = grantee.oid
        WHERE privilege_type = 'CONNECT' AND datallowconn AND datname <> current_database()
        """,
    ),
    (
        False,
        "large.objects",
        """
        SELECT format('large objects by %s for %s', pg_proc.oid::regprocedure, grantee.name),
          format('REVOKE EXECUTE ON FUNCTION %s FROM %s', pg_proc.oid::regprocedure, grantee.name)
        FROM pg_proc, LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner)))
          JOIN grantee ON grantee = grantee.oid
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')
        """,
    ),
    (
        False,
        "definer",
        """
        SELECT format('function %s runs with the rights of %I, for %s', pg_proc.oid::regprocedure,
            pg_get_userbyid(proowner), grantee.name),
          format('REVOKE EXECUTE ON FUNCTION %s FROM %s', pg_proc.oid::regprocedure, grantee.name)
        FROM pg_proc JOIN pg_namespace ON pronamespace = pg_namespace.oid,
          LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) JOIN grantee ON grantee = grantee.oid
        WHERE prosecdef AND {ours}
        """,
    ),
)
_ADMIN = """
SELECT quote_ident(current_user), quote_ident({template}), quote_ident(template.rolname), me.rolsuper, me.rolcreaterole,
  (SELECT bool_or(admin_option) FROM pg_auth_members WHERE roleid = template.oid AND member = me.oid)
FROM pg_roles me LEFT JOIN pg_roles template ON template.rolname = {template} WHERE me.rolname = current_user
"""


async def findings(admin: Admin, template: str, *, writes: bool) -> list[Finding]:
    """All that is wrong; with ``writes`` the template is meant to write. Unavailable (credential.unavailable)."""
    named = sql.Literal(template)
    found = await admin.run(lambda connection: _admin(connection, named))
    for about_writing, code, question in _QUESTIONS:
        if not (about_writing and writes):
            asked = sql.SQL(_HOLDERS + question).format(template=named, ours=sql.SQL(_OURS))
            rows = await admin.run(partial(_rows, question=asked))
            found += [Finding(code, message, f"{fix};") for message, fix in sorted(rows)]
    return found


async def _admin(connection: Connection, template: sql.Literal) -> list[Finding]:
    """Whether there is a template, and what the admin has too much or too little."""
    ((name, wanted, there, mighty, creates, grants),) = await _rows(
        connection, sql.SQL(_ADMIN).format(template=template)
    )
    if there is None:
        return [Finding("template.missing", f"there is no role {wanted}", f"CREATE ROLE {wanted} NOLOGIN;")]
    if mighty:
        fix = f"ALTER ROLE {name} NOSUPERUSER CREATEROLE;"
        return [Finding("admin.superuser", f"the admin {name} is a superuser: to create roles is enough", fix)]
    found = []
    if not creates:
        message = f"the admin {name} may not create roles"
        found.append(Finding("admin.createrole", message, f"ALTER ROLE {name} CREATEROLE;"))
    if connection.info.server_version >= SET_OPTION and not grants:
        message = f"the admin {name} may not grant {there}"
        found.append(Finding("admin.template", message, f"GRANT {there} TO {name} WITH ADMIN OPTION;"))
    return found


async def _rows(connection: Connection, question: sql.Composed) -> list[Any]:
    return await (await connection.execute(question)).fetchall()
