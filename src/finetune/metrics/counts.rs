//! Counts by class, and the precision, recall and F1 that follow from them, as scikit-learn has
//! them.

/// How often each class was right, was predicted and was true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    classes: Vec<Class>,
}

/// The counts of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Class {
    /// How often it was predicted and true.
    pub right: u64,
    /// How often it was predicted.
    pub predicted: u64,
    /// How often it was true: its support.
    pub truth: u64,
}

/// Precision, recall and F1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// The share of what was predicted that is true.
    pub precision: f64,
    /// The share of what is true that was predicted.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

/// How the scores of classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// From the counts of all classes together.
    Micro,
    /// The mean over classes.
    Macro,
    /// The mean over classes, by their support.
    Weighted,
}

/// What a score is whose denominator is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroDivision {
    /// 0, which is scikit-learn's default.
    #[default]
    Zero,
    /// 1
    One,
    /// NaN, and averages leave it out.
    Nan,
}

impl ZeroDivision {
    fn value(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
            Self::Nan => f64::NAN,
        }
    }

    fn divide(self, part: u64, whole: u64) -> f64 {
        if whole == 0 {
            self.value()
        } else {
            part as f64 / whole as f64
        }
    }
}

impl Class {
    /// The scores of these counts.
    pub fn scores(self, zero: ZeroDivision) -> Scores {
        Scores {
            precision: zero.divide(self.right, self.predicted),
            recall: zero.divide(self.right, self.truth),
            f1: zero.divide(2 * self.right, self.predicted + self.truth),
        }
    }

    /// Whether it was neither predicted nor true.
    pub fn is_absent(self) -> bool {
        self.predicted + self.truth == 0
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.predicted += other.predicted;
        self.truth += other.truth;
    }
}

impl Counts {
    /// No counts of so many classes.
    pub fn new(classes: usize) -> Self {
        Self {
            classes: vec![Class::default(); classes],
        }
    }

    /// Adds to the counts of a class.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn add(&mut self, class: usize, counts: Class) {
        self.classes[class].add(counts);
    }

    /// One prediction of one of the classes.
    ///
    /// # Panics
    /// If there are no such classes.
    pub fn judge(&mut self, truth: usize, predicted: usize) {
        self.classes[truth].truth += 1;
        self.classes[predicted].predicted += 1;
        self.classes[predicted].right += u64::from(truth == predicted);
    }

    /// The counts of each class.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The counts of all classes together.
    pub fn total(&self) -> Class {
        let mut total = Class::default();
        self.classes.iter().for_each(|class| total.add(*class));
        total
    }

    /// The same without classes that were neither predicted nor true.
    #[must_use]
    pub fn present(&self) -> Self {
        let present = self.classes.iter().filter(|class| !class.is_absent());
        Self {
            classes: present.copied().collect(),
        }
    }

    /// The scores of all classes in one.
    pub fn average(&self, average: Average, zero: ZeroDivision) -> Scores {
        if average == Average::Micro {
            return self.total().scores(zero);
        }
        let all: Vec<Scores> = self
            .classes
            .iter()
            .map(|class| class.scores(zero))
            .collect();
        let mean = |score: fn(&Scores) -> f64| {
            let by_class = all.iter().map(score).zip(&self.classes);
            let weigh = |class: &Class| match average {
                Average::Weighted => class.truth as f64,
                Average::Micro | Average::Macro => 1.0,
            };
            mean(by_class.map(|(score, class)| (score, weigh(class))))
        };
        Scores {
            precision: mean(|scores| scores.precision),
            recall: mean(|scores| scores.recall),
            f1: mean(|scores| scores.f1),
        }
    }
}

/// The mean of values that are not NaN by their weights; where all weights are 0, by none.
fn mean(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut weights, mut plain, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (value, weight) in values.filter(|(value, _)| !value.is_nan()) {
        sum += value * weight;
        weights += weight;
        plain += value;
        count += 1.0;
    }
    if weights == 0.0 {
        plain / count
    } else {
        sum / weights
    }
}
