//! How much of a model's attention a text costs.

/// Tokens that a text costs, a little more than in truth.
///
/// Cut as `o200k` cuts: a word with one character before it, digits by
/// threes, runs of signs, white space. What each piece costs is what such
/// pieces cost on average, rounded up; a text of many words is known well, a
/// single word is not.
///
/// *Chosen* over the real table: that is 200,000 entries, 3.6 MB and a tenth
/// of a second at the start, for a number that decides where a page ends.
/// *Seen* over the demo's answers: never less than `o200k` counts, at most
/// 15 % more, of answers under a hundred tokens 16 tokens more
/// (`tests/it/tokens.rs`); 13 % less of a text that is all base64.
#[must_use]
pub fn tokens(text: &str) -> usize {
    part(text) + NAMES
}

/// Of a part of a text: without what is added to a whole one.
pub(super) fn part(text: &str) -> usize {
    let cost: usize = Pieces { text }.map(|piece| piece.cost()).sum();
    (cost + cost * SPARE / HUNDRED).div_ceil(HUNDRED)
}

/// Costs are counted in hundredths of a token.
const HUNDRED: usize = 100;
/// What is added to the average, in hundredths of it.
const SPARE: usize = 2;
/// What a text has in names that are spelt letter by letter, such as a
/// customer's; in a short one they are the most of it.
const NAMES: usize = 4;

/// What characters do in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    /// A letter that has no case.
    Letter,
    Digit,
    Space,
    LineEnd,
    Sign,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Digit,
            '\n' | '\r' => Self::LineEnd,
            c if c.is_whitespace() => Self::Space,
            c if c.is_lowercase() => Self::Lower,
            c if c.is_uppercase() => Self::Upper,
            c if c.is_alphabetic() => Self::Letter,
            c if c.is_numeric() => Self::Digit,
            _ => Self::Sign,
        }
    }

    fn is_letter(self) -> bool {
        matches!(self, Self::Upper | Self::Lower | Self::Letter)
    }
}

/// A part of a text that is cut into tokens by itself.
#[derive(Debug)]
enum Piece<'a> {
    Word { before: Option<char>, word: &'a str },
    Digits,
    Signs(&'a str),
    Space,
}

impl Piece<'_> {
    /// In hundredths. *Seen*: averages over the answers of the demo, in which
    /// a name of four to eight letters is nearly always one token.
    fn cost(&self) -> usize {
        match self {
            Self::Digits | Self::Space => HUNDRED,
            Self::Signs(signs) => signs_cost(signs),
            Self::Word { before, word } => {
                let lead = match before {
                    None => Lead::None,
                    Some(' ') => Lead::Space,
                    Some(_) => Lead::Sign,
                };
                HUNDRED + word_cost(word, lead)
            }
        }
    }
}

/// What stands before a word, and belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    None,
    Space,
    Sign,
}

/// What a word costs beside its first token.
fn word_cost(word: &str, lead: Lead) -> usize {
    let (mut letters, mut uppers, mut foreign) = (0_usize, 0_usize, 0);
    let mut sounds = false;
    for c in word.chars() {
        letters += 1;
        uppers += usize::from(c.is_uppercase());
        sounds |= matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        // Of German every umlaut, of Chinese every character.
        foreign += match c.len_utf8() {
            1 => 0,
            2 => 45,
            3 => 75,
            _ => 250,
        };
    }
    let spelt = match letters {
        0..3 => 0,
        // A word that nobody could say: hexadecimal, base64.
        _ if !sounds && foreign == 0 => 40 * (letters - 1),
        3..9 => 3 * (letters - 2),
        _ => 18 + 17 * (letters - 8),
    };
    let shouted = if uppers > 1 && letters > 2 { 45 } else { 0 };
    let led = match lead {
        // A customer's alias, spelt letter by letter; of a name in capitals each part is a word.
        Lead::None if uppers == 0 && letters > 5 => 70,
        Lead::Sign => 45 + 5 * letters.saturating_sub(4),
        Lead::None | Lead::Space => 0,
    };
    spelt + shouted + foreign + led
}

fn signs_cost(signs: &str) -> usize {
    let (mut last, mut ascii, mut others, mut again) = (None, 0_usize, 0, 0);
    for c in signs.chars() {
        match c {
            // A rule of lines: some have tokens of many.
            _ if last == Some(c) => again += 25,
            _ if c.is_ascii() => ascii += 1,
            _ => others += if c.len_utf8() == 4 { 250 } else { 125 },
        }
        last = Some(c);
    }
    let run = match ascii {
        0 => 0,
        1..4 => HUNDRED,
        4 => 150,
        _ => 50 * ascii,
    };
    (run + others + again).max(HUNDRED)
}

struct Pieces<'a> {
    text: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let mut chars = self.text.chars();
        let first = chars.next()?;
        let (class, second) = (Class::of(first), chars.next().map(Class::of));
        let leads = !matches!(class, Class::Digit | Class::LineEnd) && second.is_some_and(Class::is_letter);
        let (piece, rest) = match class {
            _ if class.is_letter() => self.word(None),
            _ if leads => self.word(Some(first)),
            Class::Digit => (Piece::Digits, self.after(3, |class| class == Class::Digit)),
            Class::Sign => self.signs(first),
            Class::Space if second == Some(Class::Sign) => self.signs(first),
            _ => self.space(),
        };
        self.text = rest;
        Some(piece)
    }
}

impl<'a> Pieces<'a> {
    fn word(&self, before: Option<char>) -> (Piece<'a>, &'a str) {
        let text = self.text.get(before.map_or(0, char::len_utf8)..).unwrap_or_default();
        // Capitals first, then small letters: `DisplayName` is two words, `KQLQuery` is `KQLQuery`.
        let small = skip(text, usize::MAX, |class| class == Class::Upper || class == Class::Letter);
        let rest = skip(small, usize::MAX, |class| class == Class::Lower || class == Class::Letter);
        let word = text.get(..text.len() - rest.len()).unwrap_or_default();
        (Piece::Word { before, word }, rest)
    }

    fn signs(&self, first: char) -> (Piece<'a>, &'a str) {
        let after_first = self.text.get(first.len_utf8()..).unwrap_or_default();
        let end = skip(after_first, usize::MAX, |class| class == Class::Sign);
        let signs = self.text.get(..self.text.len() - end.len()).unwrap_or_default();
        let rest = skip(end, usize::MAX, |class| class == Class::LineEnd);
        (Piece::Signs(signs.trim_start()), rest)
    }

    fn space(&self) -> (Piece<'a>, &'a str) {
        let rest = self.after(usize::MAX, |class| matches!(class, Class::Space | Class::LineEnd));
        let run = self.text.get(..self.text.len() - rest.len()).unwrap_or_default();
        // The last one of several leads the next word.
        let leads = run.chars().nth(1).is_some() && run.ends_with(' ') && !rest.is_empty();
        let rest = if leads { self.text.get(run.len() - 1..).unwrap_or_default() } else { rest };
        (Piece::Space, rest)
    }

    fn after(&self, most: usize, is: impl Fn(Class) -> bool) -> &'a str {
        skip(self.text, most, is)
    }
}

/// The text behind as many characters of a kind as stand at its beginning.
fn skip(text: &str, most: usize, is: impl Fn(Class) -> bool) -> &str {
    let mut chars = text.chars();
    for _ in 0..most {
        let rest = chars.as_str();
        if !chars.next().is_some_and(|c| is(Class::of(c))) {
            return rest;
        }
    }
    chars.as_str()
}
