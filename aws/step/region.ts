/** The region of a step, as Lambda names it. */
export const region = (): string => process.env.AWS_REGION ?? '';
