// Colour scheme, contrast, and how Mantine is dressed. Tokens stand in tokens.css, once; here only
// what components must know. Styles are files: a `<style>` in the page is refused by the content
// security policy.

import '@fontsource-variable/inter/wght.css'
import '@fontsource/jetbrains-mono/400.css'
import '@mantine/core/styles.css'
import './tokens.css'
import './theme.css'

import { createTheme, type MantineThemeOverride, type VariantColorsResolver } from '@mantine/core'

export type Scheme = 'light' | 'dark' | 'auto'
export type Contrast = 'normal' | 'high'

const colours = (name: string) => `var(--${name})`

/** Buttons and badges name a token (`accent`, `critical`), and get it with its wash. */
const variantColorResolver: VariantColorsResolver = ({ color, variant }) => {
  const name = color ?? 'accent'
  const own = colours(name)
  const wash = colours(`${name}-wash`)
  if (variant === 'filled') {
    const text = name === 'accent' ? colours('accent-ink') : colours('sheet')
    return { background: own, hover: own, color: text, border: '1px solid transparent' }
  }
  if (variant === 'light') {
    return { background: wash, hover: wash, color: own, border: '1px solid transparent' }
  }
  const clear = variant === 'subtle' || variant === 'transparent'
  return {
    background: 'transparent',
    hover: colours('hover'),
    color: name === 'accent' && variant === 'default' ? colours('ink') : own,
    border: clear ? '1px solid transparent' : `1px solid ${colours('line-strong')}`,
  }
}

export const THEME: MantineThemeOverride = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--font-id)',
  primaryColor: 'teal',
  cursorType: 'pointer',
  defaultRadius: 'sm',
  focusRing: 'auto',
  respectReducedMotion: true,
  variantColorResolver,
  components: {
    Button: { defaultProps: { size: 'xs', variant: 'outline', color: 'accent' } },
    ActionIcon: { defaultProps: { size: 'md', variant: 'subtle', color: 'ink' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Radio: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', allowDeselect: false } },
    Checkbox: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    // A scroll lock would write a <style> of its own.
    Modal: { defaultProps: { lockScroll: false, centered: true } },
    Drawer: { defaultProps: { lockScroll: false } },
    // The placeholder would be a child that a menu may not have.
    Menu: {
      defaultProps: { shadow: 'md', withinPortal: true, withInitialFocusPlaceholder: false },
    },
  },
})

const SCHEME_KEY = 'tocsin.scheme'
const CONTRAST_KEY = 'tocsin.contrast'

export function readScheme(): Scheme {
  const kept = localStorage.getItem(SCHEME_KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'auto'
}

export function readContrast(): Contrast {
  const wishes = matchMedia('(prefers-contrast: more)').matches
  const kept = localStorage.getItem(CONTRAST_KEY)
  if (kept === 'high' || kept === 'normal') return kept
  return wishes ? 'high' : 'normal'
}

/** Puts a scheme on the page; `auto` follows the system. */
export function wear(scheme: Scheme, contrast: Contrast): void {
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  const shown = scheme === 'auto' ? (isDark ? 'dark' : 'light') : scheme
  document.documentElement.dataset.mantineColorScheme = shown
  document.documentElement.dataset.contrast = contrast
  localStorage.setItem(SCHEME_KEY, scheme)
  localStorage.setItem(CONTRAST_KEY, contrast)
}
