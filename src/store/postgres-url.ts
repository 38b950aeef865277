// The pattern of a PostgreSQL address. It is a file of its own, because src/store/postgres.ts loads the client.

/** Matches PostgreSQL addresses, but not paths. */
export const POSTGRES_URL = /^postgres(ql)?:\/\//;
