/**
 * Thrown for a file that cannot be parsed. The message is the rest of a sentence that begins with the name of the file.
 */
export class DocumentError extends Error {}
