// What an address of PostgreSQL looks like: apart from src/store/postgres.ts, which loads the client.

/** What tells a PostgreSQL address from a path. */
export const POSTGRES_URL = /^postgres(ql)?:\/\//;
