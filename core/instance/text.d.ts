/** The text of a file: the build and vitest.config.ts make it a module. */
declare module '*.sh' {
  const text: string;
  export default text;
}
