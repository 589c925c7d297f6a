import type { Language } from '../types.ts';

// Words that hold sentences together, and that hardly any other of these languages has. Those without a text-search
// configuration of ours are here so that they are not taken for a neighbour that has one.
const functionWords: [Language | 'other', string][] = [
  ['english', 'the of and to is that for it with as was on are be this by not or from which an have has at but will can if you when your we our their should'],
  ['german', 'der die und das ist nicht den von zu mit sich auf für dem ein eine auch wird werden als bei aus nach wie oder nur wenn sind einer durch über zum zur kann sie'],
  ['french', 'le la les des et est une du dans pour que qui pas sur au par avec sont plus ce cette ne vous nous ou être aux mais il elle ont fait peut'],
  ['spanish', 'el los las una del que por con para se es lo como más pero sus al este esta son su y está también entre cuando muy sin sobre ser hay todos puede'],
  ['other', 'o os um uma não do da dos das em no na para com mais como por ao são você também ou foi ser seu sua'], // Portuguese
  ['other', 'il lo gli della di che per con non sono una del dei delle nel alla anche più questo essere come si è ed'], // Italian
  ['other', 'het een van de en dat niet zijn met voor op aan ook maar wordt door naar bij deze als worden kan of te'], // Dutch
  ['other', 'och att det som en på är av för med den till inte har de om ett men var jag ikke af der ved fra blev'], // Swedish, Danish
]; // biome-ignore format: a table

const sampledLength = 20_000;

export interface Detector {
  /**
   * @param loose for code and records, of whose words few make sentences
   * @param hint what the document says of itself, such as `de-AT`
   * @param otherwise of a text that is too short to tell
   */
  languageOf(texts: Iterable<string>, loose: boolean, hint?: string, otherwise?: Language): Language;
}

/** Which language a text is in, by counting function words. */
export function createDetector(): Detector {
  const lists = functionWords.map(([language, words]) => ({ language, words: new Set(words.split(' ')) }));
  return {
    languageOf(texts, loose, hint, otherwise = 'simple') {
      const words = sampleOf(texts);
      const counts = lists.map(({ language, words: known }) => ({
        language,
        count: words.reduce((sum, word) => sum + (known.has(word) ? 1 : 0), 0),
      }));
      counts.sort((a, b) => b.count - a.count);
      const [best, next] = counts;
      const needed = Math.max(loose ? 5 : 2, words.length * (loose ? 0.01 : 0.06));
      if (!best || best.count < needed || best.count < (next?.count ?? 0) * 1.15) return hinted(hint) ?? otherwise;
      return best.language === 'other' ? 'simple' : best.language;
    },
  };
}

function sampleOf(texts: Iterable<string>): string[] {
  let sample = '';
  for (const text of texts) {
    sample += `${text} `;
    if (sample.length > sampledLength) break;
  }
  return (
    sample
      .slice(0, sampledLength)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  );
}

const hints: Record<string, Language> = { en: 'english', de: 'german', fr: 'french', es: 'spanish' };

function hinted(hint = ''): Language | undefined {
  return hints[hint.slice(0, 2).toLowerCase()];
}
