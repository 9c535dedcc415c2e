// Micro-benchmarks. Expressions over one batch, which stays in the cache; of conditions, the numbers of rows that pass.

using System;
using System.Runtime.InteropServices;
using Epiphany.Execution.Tests;

namespace Epiphany.Execution.Bench;

static unsafe class Kernels
{
    const int Rows = Batch.Capacity;
    const int Times = 16;
    const int Lane = sizeof(ulong);

    /// <summary>What a text of these has: 30 bytes, its header, the lane that points to it.</summary>
    const int TextBytes = 34 + Lane;

    static readonly ValueType s_int4 = ProgramWriter.Int4;
    static readonly ValueType s_bool = ProgramWriter.Bool;
    static readonly ValueType s_float8 = ProgramWriter.Float8;
    static readonly ValueType s_numeric = ProgramWriter.Numeric;
    static readonly ValueType s_text = ProgramWriter.Text;
    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_timestamp = new(TypeOid.Timestamp, -1, 0, 8, true);

    /// <summary>A column of a batch; a scale makes integers numerics.</summary>
    readonly record struct Input(ulong[] Values, int Scale = -1);

    internal static void Run(Measure measure)
    {
        Integers(measure);
        Floats(measure);
        Numerics(measure);
        Texts(measure);
        Dates(measure);
        Logic(measure);
    }

    static void Integers(Measure measure)
    {
        void Of(string name, double touched, Action<ProgramWriter> program) => Time(measure, "integers", name, touched, program,
            new Input(Data.Integers(Rows, 1000)), new Input(Data.Integers(Rows, 1000)));
        Of("int4 < constant", Lane, w => w.Call(s_bool, 66, 2).Column(s_int4, 0).Const(s_int4, 500));
        Of("int4 = int4", 2 * Lane, w => w.Call(s_bool, 65, 2).Column(s_int4, 0).Column(s_int4, 1));
        Of("int4 + int4", 3 * Lane, w => w.Call(s_int4, 177, 2).Column(s_int4, 0).Column(s_int4, 1));
        Of("int4 * int4", 3 * Lane, w => w.Call(s_int4, 141, 2).Column(s_int4, 0).Column(s_int4, 1));
        Of("int4 / constant", 2 * Lane, w => w.Call(s_int4, 154, 2).Column(s_int4, 0).Const(s_int4, 7));
    }

    static void Floats(Measure measure)
    {
        void Of(string name, double touched, Action<ProgramWriter> program) => Time(measure, "floats", name, touched, program,
            new Input(Data.Floats(Rows)), new Input(Data.Floats(Rows)));
        Of("float8 < constant", Lane, w => w.Call(s_bool, 295, 2).Column(s_float8, 0).Const(s_float8, 0x3FE0000000000000));
        Of("float8 * float8", 3 * Lane, w => w.Call(s_float8, 216, 2).Column(s_float8, 0).Column(s_float8, 1));
    }

    static void Numerics(Measure measure)
    {
        Input price = new(Data.Integers(Rows, 10_000_000), 2);
        Input discount = new(Data.Integers(Rows, 10), 2);
        Input flag = new(Data.Integers(Rows, 2));
        ulong one = Data.Numeric(1, 0);
        ulong half = Data.Numeric(5_000_000, 2);
        void Of(string name, double touched, Action<ProgramWriter> program) =>
            Time(measure, "numerics", name, touched, program, price, discount, flag, new Input(Data.Numerics(Rows, 10_000_000, 2)),
                new Input(Data.Of(Rows, (r, _) => (ulong)r.Next(1, 1000)), 2));
        Of("p * (1 - d)", 3 * Lane, w => Discounted(w, one));
        Of("p < constant", Lane, w => w.Call(s_bool, 1722, 2).Column(s_numeric, 0).Const(s_numeric, half));
        Of("p < constant, from datums", 20 + Lane,
            w => w.Call(s_bool, 1722, 2).Column(s_numeric, 3).Const(s_numeric, half));
        Of("round(p, 1)", 2 * Lane, w => w.Call(s_numeric, 1707, 2).Column(s_numeric, 0).Const(s_int4, 1));
        Of("p / d", 2 * Lane + 20, w => w.Call(s_numeric, 1727, 2).Column(s_numeric, 0).Column(s_numeric, 4));
        Of("round(p / d, 2)", 3 * Lane, w => w.Call(s_numeric, 1707, 2).Call(s_numeric, 1727, 2).Column(s_numeric, 0).Column(s_numeric, 4)
            .Const(s_int4, 2));
        Of("p as float8", 2 * Lane, w => w.Call(s_float8, 1746, 1).Column(s_numeric, 0));
        Of("CASE WHEN flag = 1 THEN p * (1 - d) ELSE 0 END", 4 * Lane, w =>
        {
            w.Expression(ExpressionKind.Case, s_numeric).Add(1).Call(s_bool, 65, 2).Column(s_int4, 2).Const(s_int4, 1);
            Discounted(w, one);
            w.Const(s_numeric, Data.Numeric(0, 0));
        });
    }

    static void Discounted(ProgramWriter w, ulong one) => w.Call(s_numeric, 1726, 2).Column(s_numeric, 0)
        .Call(s_numeric, 1725, 2).Const(s_numeric, one).Column(s_numeric, 1);

    static void Texts(Measure measure)
    {
        void Of(string name, double touched, Action<ProgramWriter> program) =>
            Time(measure, "texts of 30 bytes", name, touched, program, new Input(Data.Texts(Rows, Rows)));
        void Like(string pattern) => Of($"LIKE '{pattern}'", TextBytes,
            w => w.Call(s_bool, 850, 2, 950).Column(s_text, 0).Const(s_text, Data.Text(pattern)));
        Of("= constant", TextBytes, w => w.Call(s_bool, 67, 2, 950).Column(s_text, 0).Const(s_text, Data.Text("final final final 7")));
        Like("final%");
        Like("%boost%");
        Like("%a%b%");
        Of("ILIKE '%BOOST%'", TextBytes, w => w.Call(s_bool, 1633, 2, 950).Column(s_text, 0).Const(s_text, Data.Text("%BOOST%")));
        Of("replace one word", 2 * TextBytes, w => w.Call(s_text, 2087, 3, 950).Column(s_text, 0).Const(s_text, Data.Text("final"))
            .Const(s_text, Data.Text("last")));
        Of("split_part(' ', 2)", TextBytes + Lane, w => w.Call(s_text, 2088, 3, 950).Column(s_text, 0).Const(s_text, Data.Text(" "))
            .Const(s_int4, 2));
        Of("length", TextBytes + Lane, w => w.Call(s_int4, 1317, 1, 950).Column(s_text, 0));
        Of("substring from 1 for 2", TextBytes + Lane, w => w.Call(s_text, 877, 3, 950).Column(s_text, 0).Const(s_int4, 1).Const(s_int4, 2));
        Of("upper", 2 * TextBytes, w => w.Call(s_text, 871, 1, 950).Column(s_text, 0));
        Of("concatenation with a constant", 2 * TextBytes, w => w.Call(s_text, 1258, 2, 950).Column(s_text, 0).Const(s_text, Data.Text("!")));
    }

    static void Dates(Measure measure)
    {
        void Of(string name, Action<ProgramWriter> program) => Time(measure, "dates", name, 2 * Lane, program,
            new Input(Data.Integers(Rows, 10_000)), new Input(Data.Integers(Rows, 900_000_000_000_000)));
        Of("extract(year FROM date)", w => w.Call(s_numeric, 6199, 2).Const(s_text, Data.Text("year")).Column(s_date, 0));
        Of("extract(minute FROM timestamp)", w => w.Call(s_numeric, 6202, 2).Const(s_text, Data.Text("minute")).Column(s_timestamp, 1));
        Of("date_trunc('month', timestamp)", w => w.Call(s_timestamp, 2020, 2).Const(s_text, Data.Text("month")).Column(s_timestamp, 1));
    }

    static void Logic(Measure measure)
    {
        void Of(string name, double touched, Action<ProgramWriter> program) => Time(measure, "logic", name, touched, program,
            new Input(Data.Integers(Rows, 1000)), new Input(Data.Integers(Rows, 1000)), new Input(Data.Integers(Rows, 2)));
        ProgramWriter Less(ProgramWriter w, int column, ulong value) => w.Call(s_bool, 66, 2).Column(s_int4, column).Const(s_int4, value);
        Of("a < 500 AND b < 500", 2 * Lane, w => Less(Less(w.Expression(ExpressionKind.And, s_bool).Add(2), 0, 500), 1, 500));
        Of("a < 10 OR b < 10", 2 * Lane, w => Less(Less(w.Expression(ExpressionKind.Or, s_bool).Add(2), 0, 10), 1, 10));
        Of("CASE WHEN flag = 1 THEN a ELSE b END", 3 * Lane, w => w.Expression(ExpressionKind.Case, s_int4).Add(1)
            .Call(s_bool, 65, 2).Column(s_int4, 2).Const(s_int4, 1).Column(s_int4, 0).Column(s_int4, 1));
    }

    static void Time(Measure measure, string family, string name, double touched, Action<ProgramWriter> program, params Input[] columns)
    {
        if (!measure.Wants(family, name))
        {
            return;
        }

        var host = new BenchHost();
        Expression expression = Build(program, host);
        var batch = new Batch(columns.Length) { Rows = Rows };
        for (int c = 0; c < columns.Length; c++)
        {
            Vector vector = batch.Columns[c];
            vector.SetDatums((ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(columns[c].Values, 0), null);
            if (columns[c].Scale >= 0)
            {
                (vector.Form, vector.Scale, vector.Bound) = (VectorForm.Decimal, columns[c].Scale, 10_000_000);
            }
        }

        ushort* selected = (ushort*)host.Allocate(Rows * sizeof(ushort));
        expression.Start();
        measure.Time(family, name, Times * Rows, new Touched(touched), () =>
        {
            for (int i = 0; i < Times; i++)
            {
                if (expression.Type.Oid == TypeOid.Bool)
                {
                    expression.Filter(batch, Epiphany.Execution.Rows.All(Rows), selected);
                }
                else
                {
                    expression.EvaluateExact(batch, Epiphany.Execution.Rows.All(Rows));
                }
            }
        });
        host.Reset();
    }

    static Expression Build(Action<ProgramWriter> program, BenchHost host)
    {
        var writer = new ProgramWriter();
        program(writer);
        fixed (long* words = writer.Words.ToArray())
        {
            var reader = new ProgramReader(words, writer.Words.Count);
            return new ExpressionBuilder(host).Expression(ref reader);
        }
    }
}
