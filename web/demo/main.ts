/** The demo page's entry. */

import { Language } from '../components/language/language.ts';
import './page.ts';

const language = new Language(navigator.language);
document.documentElement.lang = language.locale;
document.title = language.t('demo.title');
document.body.append(document.createElement('orderwire-demo'));
