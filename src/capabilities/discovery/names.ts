// Given names that are common among people who build software, so that `add Lisa` speaks of a person and not of a mistyped word.
// Names that are as often another word (`mark`, `bill`, `will`, `rose`, `art`, `grace`, `hope`, `page`, `max`) stand in the second
// list: those count only in capitals.

const names = `
aaron abdul abigail adam aditi adrian ahmed aisha akira alan albert alberto alejandro alessandro alex alexander alexandra alexey alice alicia
alina allison amanda amelia amir amit amy ana anders andre andrea andreas andrei andrew andy angela anil anita ann anna anne annie anthony
antoine anton antonio arjun arthur arun ashley astrid barbara bart beatrice ben benjamin bernard bernd bianca bjorn bob bogdan boris brandon brenda
brian bruno bryan camille carl carla carlos carmen carol caroline catherine cecilia charles charlie charlotte chen chloe chris christian christina
christine christopher claire clara claudia colin connor craig cristina cynthia dan dana daniel daniela danielle danny dario darren dave david
deborah deepak denise dennis derek diana diego dieter dimitri dmitri dmitry dominic donald donna doris dorothy doug dylan ed eduardo edward
elena eleanor eli elisabeth elizabeth ella ellen emil emily emma eric erica erik erin esther ethan eugene eva evan evelyn fabian fatima felipe
felix fernando filip fiona florian francesca francesco francois franz fred frederik gabriel gabriela gareth gary george gerald giovanni giulia
gloria gordon greg gregory gunter gustav hanna hannah hans harold harry hassan heather heidi heike helen helena helmut henrik henry herbert hiroshi holger
howard hugo ian ibrahim igor ines ingrid irene irina isaac isabel isabella ivan jackson jacob jake james jamie jan jane janet jasmine jason javier
jean jeff jeffrey jen jennifer jeremy jerry jesse jessica jim jimmy jin joan joanna joe joel johan johanna john johnny jon jonas jonathan jordan
jorge jose joseph josh joshua juan judith julia julian julie jun jurgen justin karen karl katarina kate katherine kathleen kathy katie katja kay keith kelly
ken kenji kenneth kevin kim kimberly klaus konrad kristin kurt kyle lars laura lauren laurent lea lee lena leo leon leonard leonardo lewis liam lina linda
lisa liu lola lorenzo louis louise luca lucas lucia lucy luigi luis luisa lukas luke lydia magnus manuel marc marcel marco marcus margaret maria marie marina
mario marion marta martha martin martina marvin mary mateo mathias matt matteo matthew matthias maurice maya megan mehmet mei melanie melissa mia michael
michelle miguel mike milan mina mira miriam mohamed mohammed moritz nadia nancy naomi natalia natalie natasha nathan neil nicholas nick nicola nicolas
nicole nikhil nikita nils nina noah nora norbert olaf oleg olga oliver olivia omar oscar otto pablo pamela paolo patricia patrick paul paula paulo pavel pedro
peter petra phil philip philippe pierre piotr priya rachel rafael rahul raj ralf ralph ramon raphael raul ravi raymond rebecca renate rene ricardo richard rick
rita robert roberto robin rodrigo roger roland roman ron ronald ruben rudolf russell ruth ryan sabine sabrina sally sam samantha samir samuel sandra
sanjay sara sarah sasha scott sean sebastian sergei sergey sergio sharon shaun silvia simon simone sofia sonja sophia sophie stefan stefanie stella stephanie
stephen steve steven stuart sunil susan susanne suzanne svetlana sven sylvia takeshi tamara tanja tanya tara tatiana ted teresa terry theo theresa thomas
tim timo timothy tina tobias todd tom tomas tony tracy uwe valentina valerie vanessa vera veronica victor victoria viktor vincent viola virginia vivian vlad
vladimir walter wang wanda wayne wei wendy werner wilhelm william wolfgang xavier yan yannick yasmin yuki yuri yusuf yves yvonne zack zoe
`;
const alsoWords =
  'max mark bill will rose art grace hope page grant drew frank chase rich rob pat dean miles jack chuck guy hunter mason carter penny joy faith dawn summer';

const given: ReadonlySet<string> = new Set(names.trim().split(/\s+/));
const inCapitals: ReadonlySet<string> = new Set(alsoWords.split(' '));

/** Whether a word of a query is somebody's name, as far as it can be told without knowing anybody. */
export function isGivenName(word: string): boolean {
  const bare = word.replace(/['’]s$/, '').replace(/[^\p{L}]/gu, '');
  return given.has(bare.toLowerCase()) || (inCapitals.has(bare.toLowerCase()) && /^\p{Lu}\p{Ll}/u.test(bare));
}
