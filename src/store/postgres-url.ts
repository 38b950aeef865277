// The pattern of a PostgreSQL address. It has its own file, because importing src/store/postgres.ts would load the
// PostgreSQL client.

/** Matches PostgreSQL addresses, but not paths. */
export const POSTGRES_URL = /^postgres(ql)?:\/\//;
