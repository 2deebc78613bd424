"""The functions that SQL calls, by the names written before brackets, and which of them are known to change nothing.

Names are taken from the words and not from the parser's tree, which gives many names the meaning they have elsewhere.
A function that reads files, waits, takes locks, asks other servers or sets anything is in no list here, nor one that
runs SQL from a string. With a schema before it a name is another function (but for ``pg_catalog``); so it is in quotes.
"""

from collections.abc import Sequence
from typing import Final

from jumphost.command.sql.words import Dialect, Token, words

_SYNTAX: Final = words(  # reserved, or of the grammar, to all that know them: no function can have such a name
    """
    all and array as between case distinct else except exists from group having ilike in intersect interval is join
    lateral like limit not on only or order returning row select then union using values when where with
    """
)
_AFTER: Final = {  # a function may have such a name: it is a word of the grammar only after these
    "against": frozenset({")"}),
    "any": frozenset("=<>"),
    "by": frozenset({"group", "order", "partition"}),
    "cube": frozenset({"by", ","}),
    "filter": frozenset({")"}),
    "materialized": frozenset({"as", "not"}),
    "over": frozenset({")"}),
    "rollup": frozenset({"by", ","}),
    "sets": frozenset({"grouping"}),
    "some": frozenset("=<>"),
}
_NAMES_A_LIST: Final = frozenset({"as", "into", "table", "exists", "references"})  # NAME (columns)
_COMMON: Final = """
    abs acos asin atan atan2 avg cast ceil ceiling char coalesce concat concat_ws cos count cume_dist current_date
    current_time current_timestamp date degrees dense_rank exp first_value floor format json_object lag last_value
    lead length ln log log10 lower ltrim max min mod nth_value ntile nullif percent_rank pi pow power radians rank
    replace round row_number rtrim sign sin sqrt substr substring sum tan trim upper
"""
_NATIVE: Final[dict[Dialect, str]] = {
    # of PostgreSQL 15, https://www.postgresql.org/docs/15/functions.html
    "postgres": """
        age array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims
        array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string
        array_upper ascii bit_and bit_length bit_or bit_xor bool_and bool_or broadcast btrim cardinality cbrt
        char_length character_length chr clock_timestamp col_description convert_from convert_to corr cosh cot
        covar_pop covar_samp current_catalog current_database current_role current_schema current_schemas
        current_setting current_user date_bin date_part date_trunc decode div encode every extract factorial family
        format_type gcd generate_series generate_subscripts get_bit get_byte greatest grouping has_column_privilege
        has_database_privilege has_schema_privilege has_table_privilege host hostmask initcap int4 int8 isempty
        isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array
        json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object_agg
        json_object_keys json_strip_nulls json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text
        jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path
        jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists
        jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_set
        jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval lcm least left localtime
        localtimestamp lower_inc lower_inf lpad make_date make_interval make_time make_timestamp make_timestamptz
        masklen md5 mode netmask network normalize now num_nonnulls num_nulls numeric obj_description octet_length
        overlay percentile_cont percentile_disc pg_backend_pid pg_column_size pg_database_size pg_encoding_to_char
        pg_get_constraintdef pg_get_functiondef pg_get_indexdef pg_get_userbyid pg_get_viewdef pg_indexes_size
        pg_is_in_recovery pg_postmaster_start_time pg_relation_size pg_size_pretty pg_table_is_visible pg_table_size
        pg_tablespace_size pg_total_relation_size pg_typeof position quote_ident quote_literal quote_nullable random
        range_agg range_merge regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
        regexp_split_to_array regexp_split_to_table regexp_substr regr_count regr_slope repeat reverse right
        row_to_json rpad scale session_user sha224 sha256 sha384 sha512 shobj_description sinh split_part
        starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table
        strpos tanh text timeofday to_ascii to_char to_date to_hex to_json to_jsonb to_number to_regclass
        to_timestamp transaction_timestamp translate trunc unnest upper_inc upper_inf var_pop var_samp varchar
        variance version width_bucket
    """,
    # of MariaDB 10.11, https://mariadb.com/kb/en/built-in-functions/; what it has not is a function of the site's own
    "mysql": """
        adddate addtime ascii bin bit_and bit_count bit_length bit_or bit_xor char_length character_length charset
        chr coercibility collation compress connection_id conv convert convert_tz cot crc32 curdate current_role
        current_user curtime database date_add date_format date_sub datediff day dayname dayofmonth dayofweek
        dayofyear elt export_set extract extractvalue field find_in_set found_rows from_base64 from_days
        from_unixtime greatest group_concat hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa insert
        instr is_ipv4 is_ipv6 isnull json_array json_arrayagg json_contains json_contains_path json_depth
        json_extract json_keys json_length json_objectagg json_overlaps json_pretty json_quote json_search json_type
        json_unquote json_valid json_value last_day lcase least left localtime localtimestamp locate log2 lpad
        make_set makedate maketime match md5 microsecond mid minute month monthname now octet_length ord period_add
        period_diff position quarter quote rand regexp_instr regexp_replace regexp_substr repeat reverse right
        row_count rpad schema sec_to_time second session_user sha sha1 sha2 soundex space std stddev stddev_pop
        stddev_samp str_to_date strcmp subdate substring_index subtime sysdate system_user time time_format
        time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_days to_seconds truncate ucase
        uncompress unhex unix_timestamp user utc_date utc_time utc_timestamp uuid var_pop var_samp variance version
        week weekday weekofyear year yearweek
    """,
    # of SQLite, https://www.sqlite.org/lang_corefunc.html and its neighbours
    "sqlite": """
        acosh asinh atanh changes cosh datetime glob group_concat hex ifnull iif instr json json_array
        json_array_length json_each json_extract json_group_array json_group_object json_insert json_patch
        json_quote json_remove json_replace json_set json_tree json_type json_valid julianday last_insert_rowid like
        likelihood likely log2 printf quote random randomblob sinh soundex sqlite_compileoption_used
        sqlite_source_id sqlite_version strftime string_agg tanh time timediff total total_changes trunc typeof
        unhex unicode unixepoch unlikely zeroblob
    """,
}
KNOWN: Final[dict[Dialect, frozenset[str]]] = {dialect: words(_COMMON + names) for dialect, names in _NATIVE.items()}
FILES: Final = frozenset({"fsdir", "zipfile"})  # functions of sqlite3 that are tables too: FROM fsdir WHERE path = '/'
WHOLE_ROW: Final = KNOWN["postgres"] | {"name"}  # to PostgreSQL ``c.to_json`` is ``to_json(c)``


def called(tokens: Sequence[Token]) -> tuple[str, ...]:
    """What is called, sorted, in lower case: ``lower``, ``public.lower``, ``"lower"`` where it stands in quotes."""
    found = set()
    for number, token in enumerate(tokens[1:], 1):
        before = tokens[number - 1]
        if token.is_sign("(") and before.kind in ("word", "name") and (name := _call(tokens, number - 1)):
            found.add(name)
    return tuple(sorted(found))


def unknown(names: Sequence[str], dialect: Dialect) -> tuple[str, ...]:
    """Those of ``names`` that may do more than compute."""
    known = KNOWN[dialect]
    return tuple(name for name in names if name.removeprefix("pg_catalog.") not in known or name.count(".") > 1)


def _call(tokens: Sequence[Token], last: int) -> str:
    """The name of the call whose own name is word ``last``, with all that qualifies it; "" if it is none."""
    first = last
    while first >= 2 and tokens[first - 1].is_sign(".") and tokens[first - 2].kind in ("word", "name"):
        first -= 2
    before = tokens[first - 1] if first else None
    if _is_grammar(tokens[last], before, bare=first == last) or _is_cte(tokens, last):
        return ""
    return "".join(
        f'"{token.text}"' if token.kind == "name" else token.text.lower() for token in tokens[first : last + 1]
    )


def _is_grammar(token: Token, before: Token | None, *, bare: bool) -> bool:
    """Whether what stands before the bracket is a word of SQL, a type, or a name with its columns."""
    if before is not None and (before.is_word(*_NAMES_A_LIST) or before.is_sign("::")):
        return True
    if not bare or token.kind != "word" or (before is not None and before.is_sign(".")):
        return False
    word = token.text.lower()
    if before is None or before.kind not in ("word", "sign"):
        return word in _SYNTAX
    return (
        word in _SYNTAX
        or before.text.lower() in _AFTER.get(word, ())
        or (word in ("varying", "bit") and before.is_word("bit", "character", "national"))
    )


def _is_cte(tokens: Sequence[Token], last: int) -> bool:
    """``NAME (columns) AS [NOT MATERIALIZED] (SELECT``: no call can stand before ``AS (SELECT``."""
    at = last + 2
    while at < len(tokens) and (tokens[at].kind in ("word", "name") or tokens[at].is_sign(",")):
        at += 1
    rest = [token.text.lower() for token in tokens[at : at + 6] if token.kind in ("word", "sign")]
    if rest[:2] != [")", "as"]:
        return False
    rest = [word for word in rest[2:] if word not in ("not", "materialized")]
    return rest[:1] == ["("] and rest[1:2] in (["select"], ["with"], ["values"])
