/**
 * Words by which people ask, beside those that Postgres's dictionaries take for stop words: they say that something is
 * wanted, not what. In a collection in which few of them stand they would pass for rare ones.
 */
export const askingWords: ReadonlySet<string> = new Set(
  [
    'able anybody anyone ask asked asking could please explain explained explanation find get gets give gives got',
    'happen happened happening happens help idea know let like likes look looking make makes may maybe mean means might must',
    'need needed needs possible question say says see shall show somebody someone tell told try trying understand want wanted',
    'wants way wonder wondering would',

    'bedeutet bekomme bekommen bekommt benötige bitte brauche brauchen braucht darf dürfen eigentlich erhalte erklären erklärt',
    'finde findet frage gehen geht gern gerne geschehen geschieht gibt hätte heißt jemand kann können könnte lautet lauten',
    'mache machen macht möchte möchten möglich müssen muss passiert sagen soll sollen sollte tun tut viel viele wann warum',
    'wer weshalb wessen wieso wieviel wissen wozu würde wofür woher wohin',

    'aider arrive besoin combien comment dire dois doit doivent existe expliquer faire fait faut peut peux peuvent possible',
    'pourquoi pourrais pouvez puis quand quel quelle quelles quels quelqu quoi savoir signifie trouve trouver veut veux voudrais',
    'plaît passe',

    'alguien cómo cuál cuáles cuándo cuánta cuántas cuánto cuántos decir dónde existe explicar favor haber hace hacer hago',
    'hay necesita necesito pasa posible puede pueden puedo quiere quiero quién quiénes quisiera saber significa sucede',
  ].flatMap((line) => line.split(' ')),
);
