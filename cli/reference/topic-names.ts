/** The topics that `recode help` explains, besides the commands. */
export const topicNames = {
  environment: 'environment variables that Recode reads',
  'exit-codes': 'exit codes, and what they mean',
  formatting: 'JSON, for scripts',
} as const;

export type TopicName = keyof typeof topicNames;

export const isTopic = (word: string): word is TopicName => Object.hasOwn(topicNames, word);
