/** A document was replaced between two statements that a search is made of: it has to begin again. */
export class Torn extends Error {}
