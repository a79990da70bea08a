import tseslint from 'typescript-eslint';

/**
 * Who may import whom. `packages` are those a folder may use; `folders` those it may reach by a relative path, itself included.
 * Nothing in production knows the rehearsal: it replaces AWS at the wire.
 */
const boundaries = {
  contracts: { packages: ['zod', 'zod/mini'], folders: [] },
  lib: {
    packages: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs', 'esbuild', 'node:*'],
    folders: ['contracts'],
  },
  bin: { packages: ['aws-cdk-lib', 'cdk-nag', 'node:*'], folders: ['contracts', 'lib'] },
  lambdas: { packages: ['@aws-sdk/*', 'zod/mini', 'node:*'], folders: ['contracts'] },
};

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const asPattern = (name) => escape(name).replace('\\*', '.*');

/** A source is allowed when it is one of the packages, or a path that stays in the folder or enters an allowed one. */
function allowedSource({ packages, folders }, depth) {
  const up = `(\\.\\./){${depth}}`;
  const named = packages.map((name) => `${asPattern(name)}$`);
  const inside = [
    '\\./',
    ...Array.from({ length: depth - 1 }, (_, level) => `(\\.\\./){${level + 1}}(?!\\.\\./)`),
  ];
  const outside = folders.map((folder) => `${up}${folder}/`);
  return [...named, ...inside, ...outside].join('|');
}

/** Files at one depth of a folder: how many `../` leave it depends on where they are. */
function boundary(folder, depth) {
  const rule = boundaries[folder];
  const message = `${folder}/ may import ${[...rule.packages, ...rule.folders.map((name) => `${name}/`)].join(', ')} and itself`;
  return {
    files: [`${folder}/${'*/'.repeat(depth - 1)}*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: `^(?!${allowedSource(rule, depth)})`, message }] },
      ],
    },
  };
}

/** Core rules whose findings are mistakes; TypeScript finds the other ones. */
const mistakes = [
  'eqeqeq',
  'no-cond-assign',
  'no-constant-condition',
  'no-control-regex',
  'no-empty',
  'no-fallthrough',
  'no-irregular-whitespace',
  'no-misleading-character-class',
  'no-self-assign',
  'no-self-compare',
  'no-unreachable-loop',
  'no-unsafe-finally',
  'no-useless-catch',
  'no-useless-escape',
];

export default tseslint.config(
  { ignores: ['node_modules', 'cdk.out', '.cache', 'rehearsal-logs'] },
  tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // An HTTP server's handler may be async: what it throws ends the process, as it should.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...Object.fromEntries(mistakes.map((rule) => [rule, 'error'])),
      'max-lines': ['error', { max: 200, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['test/**/*.ts'], rules: { 'max-lines': 'off' } },
  ...Object.keys(boundaries).flatMap((folder) => [1, 2, 3].map((depth) => boundary(folder, depth))),
);
