/** How much each part of a tool says about what the tool is for. `b`: 0, its length does not matter; 1, it does in full. */
export const fieldWeights = {
  name: { weight: 3, b: 0.5 },
  title: { weight: 3, b: 0.7 },
  lead: { weight: 2.4, b: 0.5 },
  body: { weight: 0.4, b: 0.7 },
  parameters: { weight: 0.5, b: 0.4 },
  details: { weight: 0.3, b: 0.5 },
  examples: { weight: 1, b: 0.5 },
  toolset: { weight: 1, b: 0 },
} as const;

/** BM25's k1: the more often a term occurs, the less another time adds. */
export const saturation = 1.5;

/** What a term found instead of the query's own is worth. */
export const meaningWeights = {
  synonym: 0.8,
  sense: 0.65,
  /** The verb of a sense that has one. */
  implied: 0.6,
  /** Synonyms and senses of a word of the same root. */
  kin: 0.45,
  /** A word of the same root. */
  family: 0.75,
  /** A word that begins with the query's, which is known or not. */
  longer: 0.35,
  longerOfUnknown: 0.6,
  /** One word of a phrase. */
  part: 0.35,
  /** The same where no tool has the phrase. */
  loosePart: 0.5,
  /** Two words written as one, or one as two. */
  joined: 1,
  half: 0.5,
  /** A word without the `re` that it begins with. */
  again: 0.7,
  oneMistake: 0.8,
  twoMistakes: 0.65,
  /** On top, when even the first letter is another. */
  otherInitial: 0.7,
  /** Another verb for one that only says in which state a thing is. */
  state: 0.4,
  /** A term that another word of the query means more. */
  claimed: 0.4,
  /** The best of them when no tool has the word itself. */
  best: 0.7,
} as const;

/** What a word of the query is worth by the place where it stands. */
export const placeWeights = {
  verb: 0.8,
  question: 0.3,
  /** A phrase of small words: `who can`. */
  smallPhrase: 0.5,
  /** What goes into the tool rather than which tool. */
  value: 0.35,
  /** What follows from a word's shape, such as that of a file name. */
  hint: 0.5,
  /** `my` and the like, for tools that work on the caller's own things. */
  self: 0.3,
  /** `I need a ...`, which asks for something new. */
  need: 0.5,
  toolset: 1,
  /** Who may do what. */
  rights: 0.5,
  /** Somebody's name, for tools that take a person. */
  person: 0.3,
  /** Something plural, which asks for a list. */
  plural: 0.5,
} as const;

export const rankWeights = {
  /** Rarity counts less than BM25 has it: tools of one kind share their words. */
  rarity: 0.85,
  /** From this weight on terms mean the same, and are less rare for the most common of them. */
  sameFrom: 0.75,
  /** How much of the name and title the query speaks of. */
  precision: 0.9,
  /** How much of the query the tool speaks of. */
  coverage: 0.25,
  /** On top, for a name that speaks of what the verb is about. */
  objectInName: 0.1,
  hintedToolset: 1.25,
  deprecated: 0.5,
  /** A tool that does what the query says, the opposite of reading, or something else. */
  sameAction: 1.15,
  otherThanDelete: 0.75,
  otherThanRead: 0.75,
  runOrStop: 0.95,
  /** How sure an action is that no word names. */
  guess: 0.3,
  /** How far down the likeness to a better one moves a tool, and from which share of common words on. */
  alike: 0.4,
  alikeFrom: 0.3,
  /** A query that is a tool's name or id. */
  exact: 4,
  /** The least rarity of what the query's verb is about. */
  object: 1.2,
} as const;
