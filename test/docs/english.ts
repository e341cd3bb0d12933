/** Wording that stops a native reader, each with what to write instead. */
const avoided: readonly (readonly [words: RegExp, instead: string])[] = [
  [/\banew\b/, 'again'],
  [/\bwh(?:oever|omever|ereof|ereby|erein)\b/, 'anyone who, the person who'],
  [/\bbears?\b|\bbearing\b/, 'has'],
  [/\bof which\b|\bof whom\b/, 'two sentences'],
  [/\bso (?:many|much|long) (?:at (?:most|least)|after)\b/, 'up to, at least, a duration'],
  [/\bno \w+ such as\b/, 'a positive sentence'],
  [/\bis none\b|\bthere be\b|\bcannot be had\b/, 'does not exist'],
  [/\bat work on\b/, 'in progress'],
  [/\blet(?:s|ting)? go\b/, 'release'],
  [/\bmend(?:s|ed|ing)?\b/, 'fix'],
  [/\bnothing is done\b/, 'Cancelled'],
  [/\btwins?\b/, 'duplicates'],
  [/\bmakes? whole\b/, 'complete'],
  [/\b(?:honou?r(?:s|ed)?|behaviour|colou?rs? of|licence|the catalogue|neighbour\w*|favour\w*|centre|e-mail)\b/, 'American spelling'],
  [/\b(?:organis|recognis|authoris|normalis|initialis|customis)\w+/, 'American spelling'],
  [/\btime-outs?\b/, 'timeout'],
];

/** The avoided wording in a text, each with what is around it and what to write instead. */
export function avoidedIn(text: string): string[] {
  const line = text.replace(/\s+/g, ' ');
  return avoided.flatMap(([words, instead]) =>
    [...line.matchAll(new RegExp(`.{0,30}(?:${words.source}).{0,30}`, 'gi'))].map(([context]) => `${context} (${instead})`),
  );
}
