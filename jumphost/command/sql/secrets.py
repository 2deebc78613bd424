"""Tables of the databases themselves that hold password hashes, or passwords for other servers."""

from typing import Final

from jumphost.model.request import Sql, Table

# PostgreSQL 15, chapters "System Catalogs" and "System Views": they are found without naming their schema.
_POSTGRES: Final = frozenset(
    {"pg_authid", "pg_foreign_server", "pg_shadow", "pg_subscription", "pg_user_mapping", "pg_user_mappings"}
)
_OPTIONS: Final = frozenset({"_pg_user_mappings", "foreign_server_options", "user_mapping_options"})
# MariaDB 10.11 and MySQL 8.0, "The mysql System Database" (authentication, replication, federated servers).
_MYSQL: Final = frozenset(
    {
        *("db", "default_roles", "global_priv", "password_history", "proxies_priv", "servers", "slave_master_info"),
        *("tables_priv", "user"),
    }
)


def holds_secrets(sql: Sql) -> bool:
    """Whether one of its statements names such a table."""
    return any(_is_secret(sql.dialect, table) for statement in sql.statements for table in statement.tables)


def _is_secret(dialect: str, table: Table) -> bool:
    name, place = table.name.lower(), (table.schema or table.db).lower()
    match dialect:
        case "postgres":
            return (name in _POSTGRES and place in ("", "pg_catalog")) or (
                name in _OPTIONS and place in ("", "information_schema")
            )
        case "mysql":
            return name in _MYSQL and place == "mysql"
        case _:
            return False
