// Execution layer, operators. Sums and moments of floats, in PostgreSQL's arithmetic (float.c) and in the order of the rows.

using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>sum of float8, and of float4, which is summed as float4.</summary>
sealed unsafe class AggregateFloatSum(bool isSingle, IExecutionHost host) : AggregateState
{
    readonly GroupArray<double> _sums = new(host.Memory);
    readonly GroupArray<byte> _has = new(host.Memory);

    internal override ulong Bytes => _sums.Bytes + _has.Bytes;

    internal override void Reserve(int groups)
    {
        _sums.Reserve(groups);
        _has.Reserve(groups);
    }

    internal override void Add(Vector values, AggregateRows rows)
    {
        double* sums = _sums.At;
        byte* has = _has.At;
        for (int i = 0; i < rows.Count; i++)
        {
            uint group = rows.IsOne ? 0 : rows.Groups[i];
            double value = FloatErrors.Read(values.Values[i], isSingle);
            double before = sums[group];
            double sum = isSingle ? (float)before + (float)value : before + value;
            if (has[group] == 0)
            {
                // The first value is the sum: not 0 + it, which would lose the sign of -0.
                sum = value;
                has[group] = 1;
            }
            else if (double.IsInfinity(sum) && !double.IsInfinity(before) && !double.IsInfinity(value))
            {
                FloatErrors.Overflow(host);
            }

            sums[group] = sum;
        }
    }

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            int group = groups[i];
            double sum = _sums.At[group];
            buffer.Values[i] = isSingle ? (ulong)BitConverter.SingleToInt32Bits((float)sum) : BitConverter.DoubleToUInt64Bits(sum);
            anyNull |= buffer.Nulls[i] = (byte)(_has.At[group] ^ 1);
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    internal override void Copy(int from, int to)
    {
        _sums.At[to] = _sums.At[from];
        _has.At[to] = _has.At[from];
    }

    internal override void Clear()
    {
        _sums.Clear();
        _has.Clear();
    }
}

/// <summary>
/// avg, variance and standard deviation: count, sum, and sum of squares of differences by Youngs and Cramer. An average needs these only to fail
/// where PostgreSQL does, when they overflow: not as long as all values are small.
/// </summary>
sealed unsafe class AggregateFloatMoments(bool isSingle, IExecutionHost host) : AggregateState
{
    struct State
    {
        internal double N;
        internal double Sx;
        internal double Sxx;
    }

    /// <summary>Neighbours of one group that are still to be added; where none are left, values that nobody wants go to a spare state.</summary>
    struct Run
    {
        internal double* At;
        internal State* State;
        internal int Left;
    }

    /// <summary>
    /// Squares of 2^53 values below this are below 2^920 in all, and so is each step to them; that is less than half of what the greatest
    /// double is exact to, so they are not missed when larger values come.
    /// </summary>
    const double Small = 1e130;

    readonly GroupArray<State> _states = new(host.Memory);
    bool _isServing;
    bool _keepsSquares = true;

    internal override ulong Bytes => _states.Bytes;

    internal override void Serve(AggregateResult what)
    {
        _keepsSquares = (_isServing && _keepsSquares) || what != AggregateResult.Average;
        _isServing = true;
    }

    internal override void Reserve(int groups) => _states.Reserve(groups);

    internal override void Add(Vector values, AggregateRows rows)
    {
        _keepsSquares |= !AreSmall(values.Values, rows.Count);
        if (_keepsSquares)
        {
            AddAll(values, rows);
        }
        else if (!isSingle && rows.Runs().Count > 1)
        {
            AddRuns((double*)values.Values, rows);
        }
        else
        {
            AddSums(values, rows);
        }
    }

    bool AreSmall(ulong* values, int count)
    {
        if (_keepsSquares)
        {
            return true;
        }

        // Without the sign, doubles and floats are ordered as integers; NaN and infinity are above all.
        ulong mask = isSingle ? int.MaxValue : (ulong)long.MaxValue;
        ulong limit = isSingle ? (ulong)BitConverter.SingleToInt32Bits(float.PositiveInfinity) : BitConverter.DoubleToUInt64Bits(Small);
        int vectors = count & -Vector512<ulong>.Count;
        Vector512<ulong> large = Vector512<ulong>.Zero;
        for (int i = 0; i < vectors; i += Vector512<ulong>.Count)
        {
            large |= Vector512.GreaterThanOrEqual(Vector512.Load(values + i) & Vector512.Create(mask), Vector512.Create(limit));
        }

        bool areSmall = large == Vector512<ulong>.Zero;
        for (int i = vectors; i < count; i++)
        {
            areSmall &= (values[i] & mask) < limit;
        }

        return areSmall;
    }

    /// <summary>Counts and sums; neighbours of one group without going through its state.</summary>
    void AddSums(Vector values, AggregateRows rows)
    {
        int count = rows.Count;
        for (int i = 0; i < count;)
        {
            int first = i;
            uint group = rows.IsOne ? 0 : rows.Groups[i];
            State* state = _states.At + group;
            double sum = state->Sx;
            do
            {
                sum += FloatErrors.Read(values.Values[i], isSingle);
            }
            while (++i < count && (rows.IsOne || rows.Groups[i] == group));
            state->Sx = sum;
            state->N += i - first;
        }
    }

    /// <summary>
    /// Likewise, runs of groups side by side: an addition waits for the one before it, and the order within a group stays. A group whose run is
    /// not through keeps its next one waiting.
    /// </summary>
    void AddRuns(double* values, AggregateRows rows)
    {
        const int Lanes = 4;
        State spare = default;
        Run* runs = stackalloc Run[Lanes];
        Rows heads = rows.Runs();
        for (int next = 0; ;)
        {
            int step = int.MaxValue;
            for (int lane = 0; lane < Lanes; lane++)
            {
                Run* run = runs + lane;
                if (run->Left == 0)
                {
                    run->At = values;
                    run->State = &spare;
                }

                if (run->Left == 0 && next < heads.Count && _states.At + rows.Of(heads[next]) is var state
                    && runs[0].State != state && runs[1].State != state && runs[2].State != state && runs[3].State != state)
                {
                    run->At = values + heads[next];
                    run->State = state;
                    run->Left = KeyRuns.End(heads, next, rows.Count) - heads[next];
                    state->N += run->Left;
                    next++;
                }

                step = run->Left > 0 ? Math.Min(step, run->Left) : step;
            }

            if (step == int.MaxValue)
            {
                return;
            }

            double* a = runs[0].At;
            double* b = runs[1].At;
            double* c = runs[2].At;
            double* d = runs[3].At;
            (double sumA, double sumB, double sumC, double sumD) = (runs[0].State->Sx, runs[1].State->Sx, runs[2].State->Sx, runs[3].State->Sx);
            for (int i = 0; i < step; i++)
            {
                sumA += a[i];
                sumB += b[i];
                sumC += c[i];
                sumD += d[i];
            }

            (runs[0].State->Sx, runs[1].State->Sx, runs[2].State->Sx, runs[3].State->Sx) = (sumA, sumB, sumC, sumD);
            for (int lane = 0; lane < Lanes; lane++)
            {
                runs[lane].At += step;
                runs[lane].Left -= Math.Min(runs[lane].Left, step);
            }
        }
    }

    void AddAll(Vector values, AggregateRows rows)
    {
        State* states = _states.At;
        for (int i = 0; i < rows.Count; i++)
        {
            State* state = states + (rows.IsOne ? 0 : rows.Groups[i]);
            double value = FloatErrors.Read(values.Values[i], isSingle);
            double before = state->N;
            double n = before + 1.0;
            double sum = state->Sx + value;
            double squares = state->Sxx;
            if (before > 0.0)
            {
                double difference = (value * n) - sum;
                squares += difference * difference / (n * before);
                if (double.IsInfinity(sum) || double.IsInfinity(squares))
                {
                    if (!double.IsInfinity(state->Sx) && !double.IsInfinity(value))
                    {
                        FloatErrors.Overflow(host);
                    }

                    squares = double.NaN;
                }
            }
            else if (!double.IsFinite(value))
            {
                squares = double.NaN;
            }

            state->N = n;
            state->Sx = sum;
            state->Sxx = squares;
        }
    }

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            State* state = _states.At + groups[i];
            double least = what switch
            {
                AggregateResult.Transition => -1,
                AggregateResult.SampleVariance or AggregateResult.SampleDeviation => 1,
                _ => 0,
            };
            anyNull |= buffer.Nulls[i] = state->N <= least ? (byte)1 : (byte)0;
            buffer.Values[i] = what == AggregateResult.Transition
                ? AggregateArrays.Make(arena, state->N, state->Sx, state->Sxx)
                : BitConverter.DoubleToUInt64Bits(Result(what, state));
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    internal override void Copy(int from, int to) => _states.At[to] = _states.At[from];

    internal override void Clear() => _states.Clear();

    static double Result(AggregateResult what, State* state) => what switch
    {
        AggregateResult.Average => state->Sx / state->N,
        AggregateResult.PopulationVariance => state->Sxx / state->N,
        AggregateResult.SampleVariance => state->Sxx / (state->N - 1.0),
        AggregateResult.PopulationDeviation => Math.Sqrt(state->Sxx / state->N),
        _ => Math.Sqrt(state->Sxx / (state->N - 1.0)),
    };
}

static class FloatErrors
{
    internal static double Read(ulong datum, bool isSingle) =>
        isSingle ? BitConverter.Int32BitsToSingle((int)datum) : BitConverter.UInt64BitsToDouble(datum);

    [DoesNotReturn]
    internal static void Overflow(IExecutionHost host) => host.Raise(SqlState.Pack("22003"), "value out of range: overflow");
}
